"""Signatures of mail: DKIM [RFC 6376] for our own, ARC [RFC 8617] for what is sent on."""
