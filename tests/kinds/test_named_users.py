"""A user is named by address whether a manifest declares them or not."""

from __future__ import annotations

from tests.kinds.world import World


def test_a_user_that_a_manifest_declares_is_made_before_the_group_that_names_them(world: World) -> None:
    world.write(
        "manifests/people.yaml",
        "apiVersion: reconciler/v1\n"
        "kind: User\n"
        "metadata: {name: ada}\n"
        "spec: {email: Ada@example.com, role: Admin}\n"
        "---\n"
        "apiVersion: reconciler/v1\n"
        "kind: AlertGroup\n"
        "metadata: {name: on-call}\n"
        "spec: {name: On call, users: [ada@example.com]}\n",
    )
    (group,) = [a for a in world.json("plan")["actions"] if a["address"] == "AlertGroup/on-call"]
    assert group["dependsOn"] == ["User/ada#create"]
    world.apply()
