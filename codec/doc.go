// Package codec holds the serializers: values to bytes and back, known by class name.
package codec
