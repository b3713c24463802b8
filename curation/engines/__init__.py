"""One primitive: map a function over small picklable tasks that name files. Results come in the tasks' order."""
