"""What ran: executions, the results of their steps, what they logged, and how flows are called."""
