"""What tests/platforms is made of."""
