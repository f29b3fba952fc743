"""A simulated Selling Partner API: Login with Amazon, orders, shipment confirmation, listings, feeds, reports."""
