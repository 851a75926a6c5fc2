"""My Switchhook: each person's own page, with their voicemail and e-mail in one list."""
