// A container that does what a test tells it: wait, ignore SIGTERM, exit, show its environment, ask for credentials.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const terminated = 7

func main() {
	switch args := os.Args[1:]; args[0] {
	case "wait":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		<-signals
		os.Exit(terminated)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Hour)
	case "exit":
		code, _ := strconv.Atoi(args[1])
		delay, _ := time.ParseDuration(args[2])
		time.Sleep(delay)
		os.Exit(code)
	case "show":
		show()
	case "credentials":
		credentials(args[1])
	}
}

func show() {
	for _, variable := range os.Environ() {
		fmt.Println(variable)
	}
	fmt.Println("ARGS", os.Args)
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil {
		fmt.Println("NOFILE", files.Cur, files.Max)
	}
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if limit, err := os.ReadFile(file); err == nil {
			fmt.Print("MEMORY ", string(limit))
		}
	}
}

func credentials(host string) {
	answer, err := http.Get(host + os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"))
	if err != nil {
		fmt.Println("FAILED", err)
		os.Exit(1)
	}
	body, _ := io.ReadAll(answer.Body)
	fmt.Println(answer.StatusCode, string(body))
}
