module stockroute/bench

go 1.19
