"""Foreign payloads into our words and back; nothing here calls anybody."""
