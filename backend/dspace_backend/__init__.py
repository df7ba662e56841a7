"""The backend of Digital Space: HTTP over the core."""
