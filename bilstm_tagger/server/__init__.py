"""An HTTP server that tags. It needs the extra `serve`."""
