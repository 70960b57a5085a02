"""The version of this package, the same as that of the native library inside it."""

__version__ = "0.1.0"
