"""The benchmark's driver; ../run starts it."""
