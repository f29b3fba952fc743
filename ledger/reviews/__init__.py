"""Looking back: how a day, a week and a peak were."""
