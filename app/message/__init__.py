"""RFC 5322 messages as octets: headers, voice messages, audio formats, failure reports."""
