"""The phone's helper process: what may block (store, prompts, PINs, MIME)."""
