"""Groups of commands whose words are known before any of them is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class NoSuchWord(click.UsageError):
    """A word that is no command of its group, with what was probably meant."""

    def __init__(self, word: str, hint: str, ctx: click.Context) -> None:
        super().__init__(f'no such command "{word}"', ctx)
        self.hint = hint


class Words(click.Group):
    """A group that says which of its commands was probably meant, and is completed without loading them."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names. Raises NoSuchWord."""
        word = args[0]
        if not word.startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, word) is None:
            from reconciler.model.hints import suggest

            hint = suggest(word, self.list_commands(ctx), f"see: {ctx.command_path} --help")
            raise NoSuchWord(word, hint, ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so, and the group's options."""
        from click.shell_completion import CompletionItem

        named = [CompletionItem(name) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]
