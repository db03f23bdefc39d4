"""Signal in, client call, store or widget out: one controller per pane."""
