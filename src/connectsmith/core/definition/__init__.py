"""What a connector is: the format's model, reading with positions, placeholders, hosts."""
