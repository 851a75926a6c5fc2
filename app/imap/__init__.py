"""The inbox of a person that lives on an IMAP server of somebody else."""
