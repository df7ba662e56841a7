"""The command line: `dspace up`, `status`, `down`, `verify`, `log export`, `audit`, `demo seed`."""
