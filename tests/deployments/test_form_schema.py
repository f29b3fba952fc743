"""A form's fields are named as people say them."""

from prefect import flow
from prefect.utilities.callables import parameter_schema

from deployments.choices import as_form


@flow
def toy(seller_sku: str, your_name: str, units: int = 1) -> None:
    """Does nothing.

    Args:
        seller_sku: One seller SKU, as Seller Central
            spells it.
        your_name: Who decides.
    """


def test_fields_are_named_as_people_say_them() -> None:
    """Underscores go, SKU keeps its letters, and help that was broken into lines is one again."""
    fields = as_form(parameter_schema(toy).model_dump_for_openapi(), {})["properties"]
    assert {name: field["title"] for name, field in fields.items()} == {
        "seller_sku": "Seller SKU",
        "your_name": "Your name",
        "units": "Units",
    }
    assert fields["seller_sku"]["description"] == "One seller SKU, as Seller Central spells it."
