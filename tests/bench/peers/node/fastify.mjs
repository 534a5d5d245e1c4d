// fastify.mjs: events over HTTP -> decisions, with fastify and undici: a
// compiled serializer, a pool of kept connections, no logger.
import Fastify from 'fastify'
import {Pool} from 'undici'
import {answer, connections, form, isEvent, makeSku, port, route, update,
	upstream} from './route.mjs'

const words = {type: 'array', items: {type: 'string'}}
const schema = {response: {200: {type: 'object', properties: {
	status: {type: 'string'},
	latency_ms: {type: 'string'},
	interaction_id: {type: 'string'},
	decision: {type: 'object', properties: {
		sku: {type: 'string'},
		inventory_status: {type: 'string'},
		skills: words,
		queues: words,
	}},
}}}}
const pool = new Pool(upstream, {connections,
	headersTimeout: 5000, bodyTimeout: 5000})

async function fetchToken() {
	const {body} = await pool.request({
		path: '/oauth/token', method: 'POST', body: form,
		headers: {'content-type': 'application/x-www-form-urlencoded'},
	})

	return 'Bearer ' + (await body.json()).access_token
}

async function askInventory(sku) {
	try {
		const {statusCode, body} = await pool.request({method: 'GET',
			path: '/inventory/' + encodeURIComponent(sku)})
		const stock = await body.json()

		return statusCode === 200 ? stock.status : 'unknown'
	} catch {
		return 'timeout'
	}
}

const headers = {authorization: await fetchToken(),
	'content-type': 'application/json'}
const app = Fastify({logger: false, bodyLimit: 65536})

app.post('/webhook/routing-events', {schema}, async (request, reply) => {
	const begin = performance.now()
	const event = request.body

	if (!isEvent(event))
		return reply.code(400).send({error: 'bad event'})
	const sku = makeSku(event)
	const status = await askInventory(sku)
	const to = route(status)
	const {statusCode, body} = await pool.request({
		path: '/api/v2/routing/interactions/' +
		    encodeURIComponent(event.data.interactionId),
		method: 'PATCH', headers, body: JSON.stringify(update(to)),
	})

	await body.dump()
	if (statusCode !== 200)
		return reply.code(500).send({error: 'Routing decision failed'})
	return answer(event, sku, status, to, begin)
})
await app.listen({port, host: '127.0.0.1', backlog: 4096})
