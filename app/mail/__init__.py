"""SMTP in, POP3 out, the queue to other mail servers."""
