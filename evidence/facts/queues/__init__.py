"""Work done later by others: tasks of a library, and queues of a cloud or a broker."""
