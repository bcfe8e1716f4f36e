// Drives a running server with the public FHIR client of npm. Argument: the FHIR base address.
// Every line that is printed is one thing that held; the first that does not ends the run.
import assert from 'node:assert/strict';
import { Client } from 'fhir-kit-client';

const baseUrl = process.argv[2];
const client = new Client({ baseUrl });
let held = 0;
const holds = (name) => { held += 1; console.log(`ok ${name}`); };
const fails = async (promise, status) => {
  const error = await promise.then(() => null, (error) => error);
  assert.ok(error, `should have answered ${status}`);
  assert.equal(error.response?.status ?? error.status, status);
  return error;
};

const statement = await client.capabilityStatement();
assert.equal(statement.resourceType, 'CapabilityStatement');
holds('capability statement');

const patient = await client.create({
  resourceType: 'Patient',
  body: { resourceType: 'Patient', name: [{ family: 'Kitsen', given: ['Ola'] }], birthDate: '1970-01-01' },
});
assert.match(patient.id, /^[A-Za-z0-9.-]{1,64}$/);
assert.equal(patient.meta.versionId, '1');
holds('create');

const read = await client.read({ resourceType: 'Patient', id: patient.id });
assert.deepEqual(read, patient);
holds('read');

const updated = await client.update({
  resourceType: 'Patient', id: patient.id, body: { ...read, gender: 'male' },
});
assert.equal(updated.meta.versionId, '2');
holds('update');

const first = await client.vread({ resourceType: 'Patient', id: patient.id, version: '1' });
assert.equal(first.gender, undefined);
holds('vread');

const history = await client.history({ resourceType: 'Patient', id: patient.id });
assert.deepEqual(history.entry.map((entry) => entry.resource.meta.versionId), ['2', '1']);
holds('history');

await fails(client.update({
  resourceType: 'Patient', id: patient.id, body: { ...read, gender: 'other' },
  options: { headers: { 'If-Match': 'W/"1"' } },
}), 412);
holds('a lost update is refused');

const observations = Array.from({ length: 5 }, (_, n) => ({
  resource: {
    resourceType: 'Observation', status: 'final', subject: { reference: `Patient/${patient.id}` },
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    valueQuantity: { value: 60 + n, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
    effectiveDateTime: `2026-01-0${n + 1}`,
  },
  request: { method: 'POST', url: 'Observation' },
}));
const transaction = await client.transaction({
  body: { resourceType: 'Bundle', type: 'transaction', entry: observations },
});
assert.equal(transaction.type, 'transaction-response');
assert.ok(transaction.entry.every((entry) => entry.response.status.startsWith('201')));
holds('transaction');

const batch = await client.batch({
  body: {
    resourceType: 'Bundle', type: 'batch',
    entry: [
      { request: { method: 'GET', url: `Patient/${patient.id}` } },
      { request: { method: 'GET', url: 'Patient/is-not-there' } },
    ],
  },
});
assert.deepEqual(batch.entry.map((entry) => entry.response.status.slice(0, 3)), ['200', '404']);
holds('batch');

let page = await client.search({
  resourceType: 'Observation', searchParams: { patient: patient.id, _count: '2', _sort: 'date' },
});
const values = [];
while (page) {
  values.push(...(page.entry ?? []).map((entry) => entry.resource.valueQuantity.value));
  page = await client.nextPage({ bundle: page });
}
assert.deepEqual(values, [60, 61, 62, 63, 64]);
holds('search, page by page');

const posted = await client.search({
  resourceType: 'Observation', searchParams: { patient: patient.id, 'value-quantity': 'gt62' },
  options: { postSearch: true },
});
assert.equal(posted.entry.length, 2);
holds('search by POST');

const compartment = await client.search({
  resourceType: 'Observation', compartment: { resourceType: 'Patient', id: patient.id },
});
assert.equal(compartment.entry.length, 5);
holds('search in a compartment');

const everything = await client.operation({
  name: '$everything', resourceType: 'Patient', id: patient.id, method: 'GET',
});
assert.equal(everything.entry.length, 6);
holds('everything');

await client.delete({ resourceType: 'Patient', id: patient.id });
await fails(client.read({ resourceType: 'Patient', id: patient.id }), 410);
holds('delete');

console.log(`${held} held`);
