"""SPF: whether a domain lets a host send mail in its name [RFC 7208]."""
