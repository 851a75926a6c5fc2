"""What sections of the settings have in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One section: what is not declared in it is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
