"""Text of voicemail, made here and offline by a pack that an owner may add (app/core/pack.py)."""
