"""Formats: bytes in, the one document of `blocks` out. Each loads its library on first use."""
