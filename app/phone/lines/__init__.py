"""Station and trunk lines: hook, ringing, caller ID, message waiting, supervision."""
