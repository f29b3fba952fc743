"""From the warehouse to Amazon: parcels, their carriers and numbers, ship confirms and their proof."""
