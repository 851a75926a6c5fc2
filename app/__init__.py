"""Switchhook: one inbox for voicemail and e-mail, reached by telephone and by mail client."""
