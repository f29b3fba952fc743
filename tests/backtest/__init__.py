"""The backtest of buffers is held to what it claims."""
