"""What the readers of answers raise where a value is not as the API is known to give it."""


class Odd(ValueError):
    """Says what is odd, without the value itself: it may be a secret."""
