package main

import (
	"io"
	"net/http"
	"unicode/utf8"

	"pipefitter"
	"pipefitter/log"
	"pipefitter/secrets"
	_ "pipefitter/wasihttp"
)

func request(job *pipefitter.Job) (pipefitter.Outcome, error) {
	url, _ := job.ConfigValue("url")
	response, err := http.Get(url)
	if err != nil {
		log.Warn(err.Error())
		return pipefitter.Succeeded().Variable("error", "yes"), nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Warn(err.Error())
		return pipefitter.Succeeded().Variable("error", "yes"), nil
	}
	return pipefitter.Succeeded().Variable("status", response.StatusCode).Variable("body", string(body)), nil
}

func readSecret(*pipefitter.Job) (pipefitter.Outcome, error) {
	secret, err := secrets.Get("conformance")
	if err != nil {
		return pipefitter.Outcome{}, err
	}
	_, refused := secrets.Get("other")
	return pipefitter.Succeeded().
		Variable("length", utf8.RuneCountInString(secret)).
		Variable("denied", yes(refused != nil)), nil
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
