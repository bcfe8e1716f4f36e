"""Drives a running server with the public FHIR client of PyPI. Argument: the FHIR base address.

Every line that is printed is one thing that held; the first that does not ends the run.
"""

import sys

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

client = SyncFHIRClient(sys.argv[1])
held = 0


def holds(name):
    global held
    held += 1
    print("ok", name)


system = "urn:akson:test"
organization = client.resource("Organization", name="Bjørkelia legekontor")
organization.save()
assert organization["id"] and organization["meta"]["versionId"] == "1"
holds("create")

patient = client.resource(
    "Patient",
    name=[{"family": "Pythonsen", "given": ["Kari", "Anne"]}],
    birthDate="1980-02-03",
    identifier=[{"system": system, "value": "1"}],
    managingOrganization=organization.to_reference(),
)
patient.save()
assert client.reference("Patient", patient["id"]).to_resource()["birthDate"] == "1980-02-03"
holds("read by reference")

patient["gender"] = "female"
patient.save()
patient.refresh()
assert patient["meta"]["versionId"] == "2" and patient["gender"] == "female"
holds("update")

found = client.resources("Patient").search(name="pythonsen", birthdate__ge="1980-01-01").fetch()
assert [one["id"] for one in found] == [patient["id"]]
holds("search")

assert client.resources("Patient").search(identifier=f"{system}|1").get()["id"] == patient["id"]
holds("search by identifier")

for number in range(25):
    client.resource(
        "Observation",
        status="final",
        subject=patient.to_reference(),
        code={"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        valueQuantity={"value": 70 + number, "unit": "kg"},
    ).save()
observations = client.resources("Observation").search(patient=patient["id"]).limit(10)
assert len(observations.fetch_all()) == 25
holds("all pages")

assert client.resources("Observation").search(patient=patient["id"]).count() == 25
holds("count")

included = (
    client.resources("Patient")
    .search(_id=patient["id"])
    .include("Patient", "organization")
    .fetch_raw()
)
assert {entry.resource["resourceType"] for entry in included.entry} == {"Patient", "Organization"}
holds("include")

chained = client.resources("Observation").search(patient__Patient__name="pythonsen").limit(5)
assert len(chained.fetch()) == 5
holds("chain")

again = client.resource("Patient", identifier=[{"system": system, "value": "1"}])
kept, created = client.resources("Patient").search(identifier=f"{system}|1").get_or_create(again)
assert not created and kept["id"] == patient["id"]
holds("conditional create finds the one that is there")

change = client.resource("Patient", identifier=[{"system": system, "value": "1"}], active=True)
changed, created = client.resources("Patient").search(identifier=f"{system}|1").update(change)
assert not created and changed["id"] == patient["id"] and changed["meta"]["versionId"] == "3"
holds("conditional update")

try:
    client.resource("Patient", gender="unknwn").save()
    raise AssertionError("a code outside its required binding must be refused")
except OperationOutcome as refused:
    assert "Patient.gender" in str(refused), refused
holds("a refused resource tells where it is wrong")

client.resource("Patient", identifier=[{"system": system, "value": "2"}]).save()
client.resources("Patient").search(identifier=f"{system}|2").delete()
assert client.resources("Patient").search(identifier=f"{system}|2").first() is None
holds("conditional delete")

lonely = client.resource("Patient", active=False)
lonely.save()
lonely.delete()
try:
    client.reference("Patient", lonely["id"]).to_resource()
    raise AssertionError("a deleted resource must not be read")
except (ResourceNotFound, OperationOutcome):
    holds("delete")

print(held, "held")
