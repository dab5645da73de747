"""Models trained on what the factory made: TRL's own recipes and trainers, its data checked before a model loads."""
