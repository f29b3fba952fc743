"""The plants of the drill: how each kind of problem comes about, and how its cause goes away."""

from tests.flows.drill import counts, machines, orders, parcels

PLANTS = (*orders.PLANTS, *parcels.PLANTS, *counts.PLANTS, *machines.PLANTS)
