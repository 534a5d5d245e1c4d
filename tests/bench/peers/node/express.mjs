// express.mjs: events over HTTP -> decisions, with express and axios, on kept
// connections.
import http from 'node:http'
import https from 'node:https'
import axios from 'axios'
import express from 'express'
import {answer, connections, form, isEvent, makeSku, port, route, update,
	upstream} from './route.mjs'

const kept = {keepAlive: true, maxSockets: connections}
const client = axios.create({baseURL: upstream, timeout: 5000, proxy: false,
	maxRedirects: 0, httpAgent: new http.Agent(kept),
	httpsAgent: new https.Agent(kept)})
const {data} = await client.post('/oauth/token', form)
const headers = {Authorization: 'Bearer ' + data.access_token}

async function askInventory(sku) {
	try {
		return (await client.get('/inventory/' +
		    encodeURIComponent(sku))).data.status
	} catch (error) {
		return error.response ? 'unknown' : 'timeout'
	}
}

const app = express()

app.disable('x-powered-by')
app.disable('etag')
app.use(express.json({limit: 65536}))
app.post('/webhook/routing-events', async (request, response) => {
	const begin = performance.now()
	const event = request.body

	if (!isEvent(event)) {
		response.status(400).json({error: 'bad event'})
		return
	}
	const sku = makeSku(event)
	const status = await askInventory(sku)
	const to = route(status)

	try {
		await client.patch('/api/v2/routing/interactions/' +
		    encodeURIComponent(event.data.interactionId), update(to),
		    {headers})
	} catch {
		response.status(500).json({error: 'Routing decision failed'})
		return
	}
	response.json(answer(event, sku, status, to, begin))
})
app.listen(port, '127.0.0.1', 4096)
