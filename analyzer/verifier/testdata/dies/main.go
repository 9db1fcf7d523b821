// Command dies is an /init that ends at once, at which the kernel panics.
package main

func main() {}
