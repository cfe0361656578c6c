"""What commands for people look at: files, lock, token, gateway; nothing is changed."""
