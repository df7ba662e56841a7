"""The command line: `dspace up`, `dspace status`, `dspace down`."""
