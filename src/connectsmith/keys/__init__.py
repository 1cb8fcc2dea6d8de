"""The only cipher: root-key sources, the key ring, envelope sealing, and randomness."""
