"""What each kind of mail program asks for, to set itself up. Functions of values, no sockets."""
