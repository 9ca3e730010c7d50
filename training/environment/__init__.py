"""Where replies have consequences: the runtime's own pipeline over dialogues, from saved states."""
