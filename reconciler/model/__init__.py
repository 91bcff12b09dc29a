"""The words of the product as frozen, typed data: no module here does anything but describe."""
