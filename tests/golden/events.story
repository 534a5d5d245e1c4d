decision   1
event      call-1
sent       2024-05-15
received   2024-05-15T10:20:00.123456Z  voice  created
outcome    routed, answered 200, after 1220.300 ms
request    req-1
trace      t1

route      in_stock
why        the inventory said "in_stock"
skills     ["s"]
queues     []
map        d1

step          from ms     took ms
gateway        -0.050       0.050  #                        the request was read
webhook         0.000       0.100  #                        let in
event           0.100       0.020  #                        created, voice
claim           0.120       0.030  #                        no earlier delivery known
sku             0.150       0.050  #                        SKU-1, made by media-suffix
inventory       0.200     200.000  ####                     "in_stock" (1 sent, HTTP 200)
routing       200.200       0.100     #                     in_stock: skills ["s"], queues []
cxone         200.300    1020.000     ####################  CXone was told (2 sent, HTTP 200)
                           10.000  a request, answered 429
                         1000.000  waited as long as CXone asked
record       1220.300       0.090                        #  kept as decision 1
