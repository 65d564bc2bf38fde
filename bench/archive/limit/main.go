// The limit beside which the archive and its restore are measured: a plain Go client that puts keys into a quorum, or reads
// them back in pages at one revision, with nothing around it. Prints one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"os"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Same key order and sizes as bench/archive/keys.ts.
const prefix = "bench/"

func key(n int) string { return fmt.Sprintf("%s%010d", prefix, n) }

func main() {
	endpoints := flag.String("endpoints", "", "host:port, separated by commas")
	keys := flag.Int("keys", 100_000, "how many keys")
	size := flag.Int("size", 200, "bytes of each value")
	batch := flag.Int("batch", 128, "puts in one transaction")
	workers := flag.Int("workers", 8, "transactions at a time")
	page := flag.Int64("page", 10_000, "keys in one page")
	flag.Parse()
	client, err := clientv3.New(clientv3.Config{
		Endpoints:          strings.Split(*endpoints, ","),
		DialTimeout:        5 * time.Second,
		MaxCallRecvMsgSize: 512 << 20,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	started := time.Now()
	var count int
	switch flag.Arg(0) {
	case "put":
		count, err = put(client, *keys, *size, *batch, *workers)
	case "read":
		count, err = read(client, *page)
	default:
		log.Fatalf("unknown command %q: put or read", flag.Arg(0))
	}
	if err != nil {
		log.Fatal(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"keys": count, "seconds": time.Since(started).Seconds()})
}

func put(client *clientv3.Client, keys, size, batch, workers int) (int, error) {
	starts := make(chan int)
	failed := make(chan error, workers)
	var wait sync.WaitGroup
	for w := 0; w < workers; w++ {
		wait.Add(1)
		go func(seed int64) {
			defer wait.Done()
			random := rand.New(rand.NewSource(seed))
			for from := range starts {
				var operations []clientv3.Op
				for n := from; n < min(from+batch, keys); n++ {
					value := make([]byte, size)
					random.Read(value)
					operations = append(operations, clientv3.OpPut(key(n), string(value)))
				}
				if _, err := client.Txn(context.Background()).Then(operations...).Commit(); err != nil {
					failed <- err
					return
				}
			}
		}(int64(w))
	}
	for from := 0; from < keys; from += batch {
		select {
		case starts <- from:
		case err := <-failed:
			return 0, err
		}
	}
	close(starts)
	wait.Wait()
	select {
	case err := <-failed:
		return 0, err
	default:
		return keys, nil
	}
}

func read(client *clientv3.Client, page int64) (int, error) {
	from, count, revision := prefix, 0, int64(0)
	for {
		answer, err := client.Get(context.Background(), from,
			clientv3.WithRange(clientv3.GetPrefixRangeEnd(prefix)), clientv3.WithLimit(page), clientv3.WithRev(revision))
		if err != nil {
			return 0, err
		}
		revision = answer.Header.Revision
		count += len(answer.Kvs)
		if !answer.More {
			return count, nil
		}
		from = string(answer.Kvs[len(answer.Kvs)-1].Key) + "\x00"
	}
}
